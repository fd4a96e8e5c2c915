"""The top floor: every door and every process start. `cli.py` and `app.py` are the doors, `wiring.py` builds what is
behind them. Imports all other floors; nothing imports it.
"""
