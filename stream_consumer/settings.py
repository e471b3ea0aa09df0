"""What a consumer process reads from its environment, whatever roles it has."""

from dataclasses import dataclass, field

from core.settings import (
    ChannelSettings,
    ConsumerSettings,
    ConversationSettings,
    LlmSettings,
    RetentionSettings,
    SecuritySettings,
    StoreSettings,
    load,
)
from knowledge.settings import EmbeddingSettings, KnowledgeSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that a consumer process reads from its environment."""

    store: StoreSettings
    security: SecuritySettings
    consumer: ConsumerSettings
    llm: LlmSettings
    channels: ChannelSettings
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    conversations: ConversationSettings = field(default_factory=ConversationSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)

    @classmethod
    def load(cls) -> "Settings":
        """Read the environment; raises SettingsError with one readable line."""
        return cls(
            load(StoreSettings),
            load(SecuritySettings),
            load(ConsumerSettings),
            load(LlmSettings),
            load(ChannelSettings),
            load(KnowledgeSettings),
            load(EmbeddingSettings),
            load(ConversationSettings),
            load(RetentionSettings),
        )
