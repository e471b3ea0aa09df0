// Talks to the demo's own server. An outage becomes an answer like any other, so that no caller has to catch.

const UNREACHABLE = { message: "The server did not answer. Please try again in a moment." };

/** GET or POST JSON; resolves to {status, data}, with status 0 when nothing came back. */
export async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  try {
    const response = await fetch(path, options);
    return { status: response.status, data: await response.json() };
  } catch {
    return { status: 0, data: UNREACHABLE };
  }
}
