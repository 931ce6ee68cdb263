from __future__ import annotations
import psycopg
from app.cli import demo_data
from app.cli import install
from tests import factories
from tests.web.browser import AXE, AXE_TAGS
LOOK = """async rules => (await axe.run(document, {runOnly: rules, resultTypes: ["violations"]}))
    .violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 150)}`))"""
WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
    .filter(one => one.getBoundingClientRect().right > innerWidth)
    .map(one => one.outerHTML.slice(0, 120)).slice(-3)"""

def test_shots(house, open_page):
    demo_data.load(house.worker)
    with psycopg.connect(install.libpq_url(house.admin_url)) as admin:
        who = {}
        for email in ("owen.hale@brightwater.example", "priya.nair@brightwater.example"):
            (pid,) = admin.execute("select id from guard.person where email=%s", (email,)).fetchone()
            who[email[:4]] = factories.sign_in(admin, pid)
        ids = {name: str(i) for i, name in admin.execute("select id, name from app.moving_file")}
    tb = next(v for k, v in ids.items() if "trial" in k)
    pages = {
        "board": "/desk/close/2026-08", "board10": "/desk/close", "close-review": "/c/harbour-lane/books/close/202609",
        "close-open": "/c/kestrel-joinery/books/close/202609", "close-closed": "/c/harbour-lane/books/close/202608",
        "moving": "/c/kestrel-joinery/books/moving-in", "moving-file": f"/c/kestrel-joinery/books/moving-in/{tb}",
        "months": "/c/harbour-lane/books/months", "desk": "/desk",
    }
    for width in (1440, 390):
        for theme in ("light", "dark"):
            page = open_page(width, theme, session=who["owen"], noisy=True, bypass_csp=True)
            for name, path in pages.items():
                answer = page.goto(path)
                if answer.status != 200:
                    print(name, answer.status); continue
                page.add_script_tag(path=str(AXE))
                bad = page.evaluate(LOOK, {"type": "tag", "values": AXE_TAGS})
                wide = page.evaluate(WIDE)
                print(name, width, theme, "axe", bad[:5], "wide", wide)
                page.screenshot(path=f"/tmp/bo/shots/close-{name}-{width}-{theme}.png", full_page=True)
