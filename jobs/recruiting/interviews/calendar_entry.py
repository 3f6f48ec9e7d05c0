"""The calendar entry of an interview (RFC 5545), as a copy for one reader."""

from __future__ import annotations

from icalendar import Calendar, Event, vCalAddress

from jobs.recruiting.interviews.plan import Interview
from jobs.recruiting.interviews.wording import zone

PRODUCT = "-//Rota//Interviews//EN"


def calendar_entry(interview: Interview, organiser: str, recipient: str, method: str) -> str:
    """Return the entry as text. `method` is PUBLISH or CANCEL.

    Its UID never changes and its SEQUENCE grows with the interview's, so that a calendar replaces
    what it holds. Times are UTC: right in every zone, without a VTIMEZONE of our own.
    """
    domain = organiser.rpartition("@")[2]
    event = Event()
    event.add("uid", f"interview-{interview.id}@{domain}")
    event.add("dtstamp", interview.updated_at)
    event.add("sequence", interview.sequence)
    event.add("summary", f"{interview.title}: {interview.position}")
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{organiser}"))
    if method == "CANCEL":
        # RFC 5546 §3.2.5: a cancellation names whom it is for.
        event.add("attendee", vCalAddress(f"mailto:{recipient}"))
    if interview.all_day:
        where = zone(interview.time_zone)
        event.add("dtstart", interview.start_at.astimezone(where).date())
        event.add("dtend", interview.end_at.astimezone(where).date())
    else:
        event.add("dtstart", interview.start_at)
        event.add("dtend", interview.end_at)
    if interview.place:
        event.add("location", interview.place)
    if interview.url:
        event.add("url", interview.url)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written.decode("utf-8")
