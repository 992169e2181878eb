"""What models scored: the leaderboard of a dataset, and a model among the others."""

from __future__ import annotations

from typing import Any

from phub_jupyter.hub.access import Action
from phub_jupyter.hub.evaluations.results import Leader, Question, Standing
from phub_server.base import HubHandler
from phub_server.result_bodies import result_body
from phub_server.routing import NAME, NAMESPACE, Route

__all__ = ["ROUTES"]


class LeaderboardHandler(HubHandler):
    """The models that were evaluated on a dataset, best first."""

    async def get(self, namespace: str, name: str) -> None:
        """Answer those that the caller may see.

        Without ``task_id`` and ``split`` it is the kind of result that most models have.
        """
        repo = await self.repo(Action.READ, "datasets", namespace, name)
        question = Question(
            task_id=self.get_query_argument("task_id", ""),
            split=self.get_query_argument("split", ""),
            base_models_only=self.query_flag("base_model"),
        )
        leaders = await self.run(self.hub.eval_results.leaderboard, self.actor, repo, question)
        self.reply([_leader(leader) for leader in leaders])


class StandingsHandler(HubHandler):
    """Every result of a model, with its rank among the models that the caller may see."""

    async def get(self, namespace: str, name: str) -> None:
        """Answer them in the order of the files they are in."""
        repo = await self.repo(Action.READ, "models", namespace, name)
        found = await self.run(self.hub.eval_results.standings, self.actor, repo)
        self.reply([_standing(standing) for standing in found])


def _leader(leader: Leader) -> dict[str, Any]:
    author = leader.author
    body = result_body(leader.result)
    return {
        "rank": leader.rank,
        "modelId": f"{leader.repo.namespace}/{leader.repo.name}",
        "author": {
            "type": "org" if author.kind == "org" else "user",
            "name": author.name,
            "fullname": author.fullname or author.name,
            "avatarUrl": "",
        },
        **{key: value for key, value in body.items() if key != "verifyToken"},
    }


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        **result_body(standing.result),
        "rank": standing.rank,
        "of": standing.of,
        "best": {"modelId": standing.best_model, "value": standing.best},
    }


ROUTES: tuple[Route, ...] = (
    Route(rf"/api/datasets/{NAMESPACE}/{NAME}/leaderboard", LeaderboardHandler),
    Route(rf"/api/models/{NAMESPACE}/{NAME}/eval-results", StandingsHandler),
)
