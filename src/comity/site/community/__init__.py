"""People with an account: who works on the record, and in which role. Visitors and respondents never have one."""
