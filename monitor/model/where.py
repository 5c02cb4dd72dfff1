"""Where a service is and whose it is, in one line: the server, its host and its operator may differ."""

from collections.abc import Iterable


def place_text(
    countries: Iterable[str],
    hosting: Iterable[tuple[str, str]],
    operator: str,
    operator_country: str,
) -> str:
    """Return ``server in IE at Amazon (US), operated by Hikvision (CN)``, as far as it is known.

    Args:
        countries: Countries of the address blocks.
        hosting: Companies whose networks they are, each with its home country or empty text.
        operator: Company behind the service, empty when unknown.
        operator_country: Its home, empty when unknown.

    Returns:
        Empty text when nothing is known. A company that hosts its own service stands once.
    """
    parts = []
    where = ", ".join(countries)
    hosts = [company(*one) for one in hosting if one[0] != operator]
    if where or hosts:
        parts.append("server" + (f" in {where}" if where else ""))
        if hosts:
            parts[0] += f" at {', '.join(hosts)}"
    if operator:
        parts.append(f"operated by {company(operator, operator_country)}")
    return ", ".join(parts)


def company(name: str, country: str) -> str:
    """Return a company with its home country, where that is known."""
    return f"{name} ({country})" if country else name
