"""A task that swallows cancellations ends all the same, and its last words stay its own."""

import asyncio

from core.tasks import end


async def deaf(times: int) -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


async def failing() -> None:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        raise ValueError("in the way out") from None


async def test_every_task_ends_however_often_it_must_be_told() -> None:
    tasks = [asyncio.create_task(deaf(0)), asyncio.create_task(deaf(1)), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await end(tasks)
    assert all(task.done() for task in tasks)
    assert isinstance(tasks[2].exception(), ValueError)


async def test_tasks_that_are_over_are_left_alone() -> None:
    over = asyncio.create_task(asyncio.sleep(0, "done"))
    await over
    await end([over])
    assert over.result() == "done"
