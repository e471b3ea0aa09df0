# Two stages: the SDK is built with Node, the product runs on Python alone.
FROM node:22-slim AS sdk
WORKDIR /build
COPY sdk-js/package.json sdk-js/package-lock.json sdk-js/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY sdk-js/ ./
RUN npm run build

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 onboarding
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir -r requirements.lock
COPY . .
COPY --from=sdk /build/dist sdk-js/dist
RUN pip install --no-cache-dir --no-deps --config-settings editable_mode=compat -e .
USER onboarding
CMD ["onboarding-agent", "--help"]
