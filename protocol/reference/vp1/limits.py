"""Limits of sizes and counts (SPEC section 8)."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What one side takes; sizes in bytes."""

    frame_payload: int = MIB
    message: int = 16 * MIB
    control_payload: int = 64 * KIB
    slots: int = 2
    results_kept: int = 4

    def common(self, other):
        """The smaller of both sides' limits (HEL-005); within the caps of the specification."""
        both = {name: min(getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__}
        both["frame_payload"] = max(both["frame_payload"], 2 * KIB)
        return Limits(**both)
