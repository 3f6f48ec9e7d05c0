"""What the made-up organisation is made of. Addresses are on example.org, reserved for this."""

from __future__ import annotations

GIVEN_NAMES = (
    "Amara", "Björn", "Chiara", "Daan", "Elif", "Farid", "Grace", "Hiroshi", "Inés", "Jakub",
    "Kavya", "Liam", "Mei", "Nadia", "Oluwaseun", "Priya", "Quentin", "Rosa", "Søren", "Tariq",
    "Ursula", "Valentina", "Wanjiru", "Xin", "Yusuf", "Zoë",
)  # fmt: skip
FAMILY_NAMES = (
    "Adeyemi", "Bianchi", "Costa", "de Vries", "Eriksen", "Fernández", "García", "Haddad",
    "Ivanova", "Johansson", "Kowalska", "Lindqvist", "Müller", "Nakamura", "O'Brien", "Patel",
    "Quist", "Rossi", "Schneider", "Tanaka", "Ueda", "van Dijk", "Weber", "Xu", "Yılmaz", "Zhang",
)  # fmt: skip
POSITIONS = (
    "Backend Engineer",
    "Frontend Engineer",
    "Data Analyst",
    "Product Manager",
    "Customer Success Manager",
    "Site Reliability Engineer",
    "UX Designer",
    "Recruiting Coordinator",
)
TIME_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Europe/London",
    "Asia/Tokyo",
    "Africa/Lagos",
)
