"""
The statistics of experiments. Pure: no I/O, no clock; everything is a function of sums over units and of what was
frozen at design.

The way from events to a verdict:

* `exposures.participants` says who took part, `exposures.measured` makes `Sums` by phase and arm. A store that can
  add makes the same sums; sums merge, means never do.
* `comparing.compare` gives the difference of an arm and control, phase by phase (`cuped`, `phases`);
  `tenants.tenant_difference` when tenants are randomised.
* `always_valid.look` at any time, kept in a `Running`; `fixed_horizon` once, at the planned size.
* `guardrails.harm` at any time, `guardrails.non_inferiority` to ship; `sample_ratio` before anything is believed.
* `verdicts.judge` says what to do by a frozen `Plan`, and why.

`planning` says how many units that takes. `bayes` is for display only. Errors are `ValueError`s that name the field.
"""
