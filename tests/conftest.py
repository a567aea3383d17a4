from hypothesis import settings

# How long an example takes is nobody's promise: no test is timed.
settings.register_profile("segue", deadline=None)
settings.load_profile("segue")
