"""The four methods of onboarding by a model: each a question with its own prompt and bounded answer.

What rules can tell is told to the model, never asked of it: which questions are open, which sources exist, what is
invented. So a weak model words things and finds more, and cannot make things up.
"""

from core.errors import ProviderFailed
from graph.journal import Calls
from graph.onboarding import rules
from graph.onboarding.answers import known
from graph.onboarding.checking import check_drafts
from graph.onboarding.files import checking_file, context_file, drafting_file, questions_file
from graph.onboarding.flow import standing
from graph.onboarding.shapes import ChecksAnswer, ContextAnswer, DraftsAnswer, QuestionsAnswer
from graph.onboarding.values import ConversationContext, Drafts, Questions, Verdicts
from graph.prompting import load_prompt
from graph.reasoner import Reasoned
from graph.reasoners.asking import ask
from graph.reasoners.provider import Provider
from graph.talk import Fact, Talk


async def enhance_context(provider: Provider, talk: Talk, calls: Calls) -> Reasoned[ConversationContext]:
    """Return what is known by this turn, with what a model reads out of the user's own words.

    What the rules read stands: the model may add to it.
    """
    prompt = load_prompt("enhance_context")
    answer = await ask(provider, prompt, context_file(talk), ContextAnswer, calls.of_kind("maker_simple"))
    plain = rules.enhance_context(talk)
    sure = {fact.name for fact in plain.learned}
    found = tuple(fact for fact in answer.facts(talk) if fact.name not in sure)
    facts = {fact.name: fact.value for fact in (*plain.facts, *found)}
    context = ConversationContext(
        facts=tuple(Fact(name, value) for name, value in facts.items()),
        learned=(*plain.learned, *found),
        goal=facts.get("goal") or answer.goal,
        obstacles=plain.obstacles or (tuple(line for line in answer.obstacles if line) if talk.trace else ()),
    )
    return Reasoned(context, provider.name, prompt.version)


async def generate_questions(provider: Provider, talk: Talk, calls: Calls) -> Reasoned[Questions]:
    """Return the next open questions, in words that fit what is known. No model is asked where none is open."""
    open_items = standing(talk).open
    if not open_items:
        return Reasoned(Questions(), provider.name, rules.VERSION)
    prompt = load_prompt("generate_questions")
    answer = await ask(provider, prompt, questions_file(talk), QuestionsAnswer, calls.of_kind("maker_simple"))
    asked = answer.asked(open_items, talk.answer_language)
    return Reasoned(Questions(asked) if asked else rules.generate_questions(talk), provider.name, prompt.version)


async def make_recommendations(provider: Provider, talk: Talk, calls: Calls) -> Reasoned[Drafts]:
    """Return a model's drafts.

    Raises:
        ProviderFailed: also where there is no word in what it drafted.
    """
    prompt = load_prompt("make_recommendations")
    answer = await ask(provider, prompt, drafting_file(talk), DraftsAnswer, calls.of_kind("maker_complex"))
    found = known(talk)
    drafts = tuple(draft for one in answer.recommendations if (draft := one.convert(talk, found)))
    if answer.recommendations and not drafts:
        raise ProviderFailed(f"{provider.name} recommended nothing in words")
    return Reasoned(Drafts(drafts), provider.name, prompt.version)


async def validate_recommendations(provider: Provider, talk: Talk, drafts: Drafts, calls: Calls) -> Reasoned[Verdicts]:
    """Return the rules' verdicts with a model's objections; it is asked about the drafts alone that pass the rules."""
    verdicts = check_drafts(talk, drafts)
    if not verdicts.passing:
        return Reasoned(verdicts, provider.name, rules.VERSION)
    prompt = load_prompt("validate_recommendations")
    file = checking_file(talk, drafts, verdicts.items)
    answer = await ask(provider, prompt, file, ChecksAnswer, calls.of_kind("checker"))
    return Reasoned(Verdicts(answer.applied(verdicts.items)), provider.name, prompt.version)
