"""How were the Exchange samples made? `python -m sample_logs.make` writes the same bytes anew."""
