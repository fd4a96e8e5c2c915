"""HTTP routes, thin: parse, call, return. `access.caller` says who is asking."""
