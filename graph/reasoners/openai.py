"""The reasoner that asks a model, at OpenAI, Azure OpenAI or any server that speaks their protocol."""

from collections.abc import Mapping, Sequence

from core.nudges import Diagnosis, NudgeContent
from graph.answers import AlertAnswer, DiagnosisAnswer, NudgeAnswer
from graph.case import Case
from graph.casefile import alert_file, casefile, coaching_file
from graph.conversing.talkfile import messages_of
from graph.journal import Calls
from graph.memory import summarising
from graph.memory.summary import Unsummarised
from graph.onboarding import asking
from graph.onboarding.values import ConversationContext, Drafts, Questions, Verdicts
from graph.prompting import load_prompt
from graph.reasoner import AlertDraft, Reasoned
from graph.reasoners import translating
from graph.reasoners.asking import ask
from graph.reasoners.conversing import Round, converse
from graph.reasoners.provider import Provider
from graph.talk import Reply, Talk, TextSink, ToolSpec


class OpenAIReasoner:
    """Asks one provider, each method with its own prompt and answer shape."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def diagnose(self, case: Case, calls: Calls) -> Reasoned[Diagnosis]:
        """Ask why the user is stuck."""
        prompt = load_prompt("diagnose")
        answer = await ask(self._provider, prompt, casefile(case), DiagnosisAnswer, calls)
        return Reasoned(answer.convert(case), self._provider.name, prompt.version)

    async def coach(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[NudgeContent]:
        """Ask for a nudge."""
        prompt = load_prompt("coach")
        answer = await ask(self._provider, prompt, coaching_file(case, diagnosis), NudgeAnswer, calls)
        return Reasoned(answer.convert(case), self._provider.name, prompt.version, answer.cited_chunks(case))

    async def draft_alert(self, case: Case, diagnosis: Diagnosis, calls: Calls) -> Reasoned[AlertDraft]:
        """Ask for the words of an alert."""
        prompt = load_prompt("alert")
        answer = await ask(self._provider, prompt, alert_file(case, diagnosis), AlertAnswer, calls)
        return Reasoned(answer.convert(case), self._provider.name, prompt.version)

    async def summarise(self, older: Unsummarised, calls: Calls) -> Reasoned[str]:
        """Ask for a summary."""
        return await summarising.summarise(self._provider, older, calls)

    async def converse(self, talk: Talk, tools: Sequence[ToolSpec], calls: Calls, sink: TextSink) -> Reasoned[Reply]:
        """Ask for an answer, whose text goes into the sink while it comes, or for the tools that are needed first."""
        prompt, means = load_prompt("converse"), calls.of_kind("maker_simple")
        longest = min(talk.playbook.limits.answer_tokens, means.max_tokens(self._provider.max_tokens))
        asked = Round(prompt, messages_of(prompt, talk), tuple(tools), longest)
        reply = await converse(self._provider, asked, means, sink)
        return Reasoned(reply, self._provider.name, prompt.version)

    async def enhance_context(self, talk: Talk, calls: Calls) -> Reasoned[ConversationContext]:
        """Ask what the user's messages tell, beside what rules read out of them."""
        return await asking.enhance_context(self._provider, talk, calls)

    async def generate_questions(self, talk: Talk, calls: Calls) -> Reasoned[Questions]:
        """Ask for the words of the questions that are open."""
        return await asking.generate_questions(self._provider, talk, calls)

    async def make_recommendations(self, talk: Talk, calls: Calls) -> Reasoned[Drafts]:
        """Ask for drafts."""
        return await asking.make_recommendations(self._provider, talk, calls)

    async def validate_recommendations(self, talk: Talk, drafts: Drafts, calls: Calls) -> Reasoned[Verdicts]:
        """Check the drafts by rules, then ask for objections."""
        return await asking.validate_recommendations(self._provider, talk, drafts, calls)

    async def translate(self, text: str, to: str, terms: Mapping[str, str], calls: Calls) -> Reasoned[str]:
        """Ask for a translation."""
        return await translating.translate(self._provider, text, to, terms, calls)
