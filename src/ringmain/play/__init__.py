"""A tool's flows, played without the tool: the rooms know how a flow goes, and here it meets the hub and who looks on.

rehearsal   a flow played to its end, for somebody who looks on     webhooks   who makes its calls
simulator   one that somebody plays on a page                       acts       what may be done in it
phone       what a telephone shows of it
"""
