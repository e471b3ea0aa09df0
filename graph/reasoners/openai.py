"""The reasoner that asks a model, at OpenAI, Azure OpenAI or any server that speaks their protocol."""

from core.nudges import Diagnosis, NudgeContent
from graph.answers import AlertAnswer, DiagnosisAnswer, NudgeAnswer
from graph.case import Case
from graph.casefile import alert_file, casefile, coaching_file
from graph.journal import Calls
from graph.prompting import load_prompt
from graph.reasoner import AlertDraft, Reasoned
from graph.reasoners.asking import ask
from graph.reasoners.provider import Provider


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
