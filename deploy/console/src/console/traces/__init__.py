"""Traces: an OTLP receiver, a bounded store, and waterfalls."""
