"""What the reader is taught: span scores that can be compared between the passages of a question."""

import torch
from torch import Tensor


def group_loss(
    logits: Tensor, *, passage: Tensor, starts: Tensor, ends: Tensor, group: Tensor, shared: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Mean loss of the groups normalised as a whole, and of the rows each for itself, weighed together.

    Each row's logits are taken relative to its first token ([CLS]), the no-answer slot, which so
    becomes 0 everywhere. A question's distribution over answer starts (and likewise ends) runs over
    all passage tokens of all its rows and one shared slot of 0: the shared normalisation of Clark and
    Gardner (2018) with their no-answer option. The same with every row for itself is SQuAD 2.0's usual
    loss (Devlin et al., 2019). Both teach one score, best span logit sum - 2 x [CLS], to be above 0 where
    the passage answers. Several gold positions count together (marginal likelihood).

    Args:
        logits: float [B, L, 2], start and end.
        passage: bool [B, L], tokens that may be in an answer.
        starts: bool [B, L], gold first tokens; none in a row without answer.
        ends: bool [B, L], gold last tokens.
        group: int64 [B], rows of one question share a number 0..G-1; -1 for rows to leave out.
        shared: weight of the part normalised over groups; the rest goes to single rows.

    Returns:
        The weighed loss, and the two parts [over groups, over rows] detached.
    """
    real = group >= 0
    members = (group[None, :] == torch.arange(int(group.max()) + 1, device=group.device)[:, None]) & real[None, :]
    parts = torch.zeros(2, device=logits.device)
    total = logits.new_zeros((), dtype=torch.float32)
    for which, gold in enumerate((starts, ends)):
        score = logits[:, :, which].float()
        score = score - score[:, :1]
        held = _log_sum(score, passage)
        aimed = _log_sum(score, gold)
        answered = gold.any(dim=1)
        zero = torch.zeros_like(held)
        rows = torch.logaddexp(held, zero) - torch.where(answered, aimed, zero)
        by_row = rows[real].mean()
        over = torch.logaddexp(_log_sum(held[None, :], members), zero.new_zeros(()))
        of_group = (members & answered[None, :]).any(dim=1)
        target = torch.where(of_group, _log_sum(aimed[None, :], members & answered[None, :]), over.new_zeros(()))
        by_group = (over - target).mean()
        total = total + (shared * by_group + (1 - shared) * by_row) / 2
        parts = parts + torch.stack([by_group, by_row]).detach() / 2
    return total, parts


def _log_sum(score: Tensor, where: Tensor) -> Tensor:
    """Log of the sum of exponentials along the last dimension over marked places; about -1e4 where none is marked."""
    return torch.logsumexp(score.masked_fill(~where, -1e4), dim=-1)
