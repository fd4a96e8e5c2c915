"""The gateway to language models: the one place where text leaves for a model and a reply comes in.

Read in this order: `settings` (which models, which budgets), `gateway` (opens a session for each run), `session` (one
ask: mask, choose the tier, call, read the reply, fall back), `calling` (one call: budget, attempts, circuit breaker),
`providers` (LlamaIndex's model classes), `structured` (a reply as a typed value), `routing` and `track_record` (which
tier for which question), `replay` (recorded calls instead of models), `stats` (what it cost).

Whatever goes wrong ends as `agents.errors.ModelUnavailable`, whose `reason` is one of:

no model may be asked
├── no_model        none is configured for this tier or a lower one
├── restricted      only remote models are left, and the run holds text that may not leave
├── masking         the run holds more personal data than can be masked
├── budget          the run's, the user's or the day's budget would be exceeded; the message names it
├── circuit_open    it failed several times in a row and is left alone for a while
├── deadline        the run has no time left
├── closed          the process is ending
├── accounting      what is spent cannot be recorded, so nothing is spent
└── not_recorded    a replay has no such call
a model was asked in vain
├── connection      it could not be reached, or closed the connection without an answer
├── timeout         it did not answer in time
├── cut_off         the answer broke off
├── rate_limited    it is asked too often
├── server_error    it failed by itself
├── unauthorized    the key is missing, wrong or lacks the right
├── rejected        it does not take such a request
├── too_long        the prompt does not fit into the model's context
├── bad_response    what it sent is not of the protocol
└── malformed       its reply did not have the wanted shape, and neither had the second
"""
