"""How pages look: one small design system below the sandbox's dashboard and the console.

In: templates and values. Out: pages, their style and their plots. Knows nothing of campaigns,
entries or sessions.

Start here
----------
>>> from bridge.look.page import environment, render, see_other
>>> from bridge.look.assets import static_routes
>>> pages = environment("bridge.sandbox.dashboard")  # doctest: +SKIP

`environment` reads the `templates` folder of each room it is given and look's own under `look/`.
Set what stands on every page once, then answer with `render`; add the routes once::

    pages.globals.update(product="Campaigns sandbox", home="/dashboard/campaigns")
    app.add_routes(static_routes())
    return render(pages, "campaigns.html", rows=rows, sections=[("Campaigns", "/…", True)])

A template of the room::

    {% extends "look/base.html" %}
    {% import "look/parts.html" as look %}
    {% block title %}Campaigns{% endblock %}
    {% block main %}
      {% call look.heading("Campaigns") %}
        {{ look.link_button("New campaign", "/dashboard/campaigns/new", "primary") }}
      {% endcall %}
      …
    {% endblock %}

The base page
-------------
Blocks: `title` (required), `head`, `layout` (`wide`, or `narrow` for one hosted form), `header`,
`crumbs`, `main`, `footer`. Values, all optional: `product`, `home`, `marker` (such as "pretend
money"), `sections` as (text, address, is it this one?), `flash` as (tone, text), and `page_csrf`,
which htmx then sends as the header `X-CSRF-Token`.

Filters
-------
`money(unit="USDC")`, `count`, `moment(seconds=False)`, `short(head=10, tail=4)`,
`printable(limit=200, lines=False)`, `shown` (what every part does with what it is given).

Parts
-----
The parts are the macros of `templates/look/parts.html`, each with its arguments above it; the page
that shows them all with their source is `bridge.look.parts.parts_page`. A part takes text (made
harmless), Markup (kept) and None (shown as a dash). A plot is made by `bridge.look.plot.plot` and
drawn by the part `figure`.

What holds everywhere: no inline script and no inline style (the page's policy refuses both), every
page works without JavaScript, and no state is told by colour alone.
"""
