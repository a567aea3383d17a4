"""Timetables against a scan of every minute, around every change of every zone: `make sweep`."""
