"""What a night learns and foretells: recommenders, segments, lists and forecasts."""

from __future__ import annotations

from collections.abc import Iterator

from ..policy import Policy
from .step import Step


def for_advertising(policy: Policy) -> tuple[str, ...]:
    """The tables of segments for advertising: none where the policy does not show it what people watched."""
    advertising = policy.purposes.get("advertising")
    seen = advertising is not None and bool(advertising.columns.get("viewing_events"))
    return ("advertising_interactions", "viewer_segments_advertising") if seen else ()


def for_context(policy: Policy) -> tuple[str, ...]:
    """The tables of lists for a context: none where the policy does not show that purpose what people watched."""
    context = policy.purposes.get("context")
    seen = context is not None and bool(context.columns.get("viewing_events"))
    return ("context_interactions", "context_recommendations") if seen else ()


def models_steps(policy: Policy) -> Iterator[Step]:
    """Learning, recommending, segmenting."""
    yield Step(
        "train",
        "models",
        "models.steps:train",
        ("training_interactions", "model_metrics", "rerank_tradeoff"),
        deps=("permitted_training_viewing_events", "consent_ledger", "accepted_titles", "title_daily"),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "popularise",
        "models",
        "models.coldstart.step:popularise",
        ("popular_by_region",),
        deps=("title_by_country", "title_daily", "accepted_titles"),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "recommend",
        "models",
        "models.steps:recommend",
        ("personalisation_interactions", "recommendations"),
        deps=(
            "model_metrics",
            "similar_titles",
            "permitted_personalisation_viewing_events",
            "permitted_personalisation_accounts",
            "permitted_personalisation_hidden_titles",
            "accepted_titles",
            "title_daily",
            "popular_by_region",
        ),
        kinds=("python", "numpy"),
        pool="models",
    )
    if tables := for_context(policy):
        yield Step(
            "recommend_in_context",
            "models",
            "models.serving.step:recommend_in_context",
            tables,
            deps=(
                "model_metrics",
                "similar_titles",
                "training_interactions",
                "permitted_context_viewing_events",
                "permitted_context_accounts",
                "permitted_context_hidden_titles",
                "accepted_titles",
                "title_daily",
                "popular_by_region",
            ),
            kinds=("python", "numpy"),
            pool="models",
        )
    yield Step(
        "discover",
        "models",
        "models.serving.step:discover",
        ("weekly_discovery",),
        deps=(
            "model_metrics",
            "similar_titles",
            "training_interactions",
            "personalisation_interactions",
            "permitted_personalisation_accounts",
            "permitted_personalisation_hidden_titles",
            "accepted_titles",
            "title_daily",
            "popular_by_region",
        ),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "expose",
        "models",
        "models.fairness.step:expose",
        ("creator_exposure", "fairness_report"),
        deps=("permitted_analytics_viewing_events", "accepted_titles", "title_daily"),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "segment",
        "models",
        "models.steps:segment",
        ("viewer_segments", *for_advertising(policy), "segment_profile"),
        deps=(
            "training_interactions",
            "personalisation_interactions",
            "accepted_titles",
            "title_daily",
            "similar_titles",
        ),
        kinds=("python", "numpy"),
        pool="models",
    )
    yield Step(
        "liken",
        "models",
        "models.private.step:liken",
        ("similar_titles",),
        deps=("training_interactions", "accepted_titles"),
        kinds=("python", "numpy"),
        pool="models",
    )


def forecast_steps() -> Iterator[Step]:
    """Forecasts, what rises, and the plan by slot: of open tables alone."""
    yield Step(
        "forecast_titles",
        "models",
        "models.forecast.step:forecast_titles",
        ("title_forecast", "forecast_backtest", "emerging_titles"),
        deps=("title_daily", "accepted_titles"),
        kinds=("python", "numpy"),
    )
    yield Step(
        "plan_slots",
        "models",
        "models.forecast.slot_step:plan_slots",
        ("slot_plan",),
        deps=("audience_daily", "genre_weekly", "title_daily", "accepted_titles"),
        kinds=("python", "numpy"),
    )
