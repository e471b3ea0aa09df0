"""What a turn learns of the user before it answers: read by rules, and by a model where rules cannot tell.

Rules know the playbook's questions by their wording. A model that puts one in other words, or in a language that the
playbook has no words for, is asked what the user's answer to it was.
"""

from dataclasses import replace

from core.errors import BudgetExhausted, ProviderFailed
from graph.context import TurnContext
from graph.memory.consent import learned_effects
from graph.onboarding.deciding import decided_effects
from graph.onboarding.flow import may_have_answered
from graph.reasoners.choice import reasoner_for
from graph.talk import Effect, Talk
from graph.talk_context import TalkContext


async def learn(context: TurnContext, means: TalkContext, talk: Talk) -> tuple[Talk, tuple[Effect, ...]]:
    """Return the talk with what this turn's messages told, and the effects that keep it."""
    plain = (*learned_effects(talk, means.pseudonyms), *decided_effects(talk))
    if plain or not may_have_answered(talk):
        return talk, plain
    try:
        read = (await reasoner_for(context).enhance_context(talk, context.calls(talk.turn))).value
    except (ProviderFailed, BudgetExhausted):
        return talk, ()
    found = {fact.name: means.pseudonyms.unmask(fact.value) for fact in read.learned}
    effects = tuple(Effect("remember", {"name": name, "value": value}) for name, value in found.items())
    return replace(talk, facts=read.facts) if read.learned else talk, effects
