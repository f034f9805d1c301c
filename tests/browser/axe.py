"""axe-core: what some people could not use on a page. Its rules: https://dequeuniversity.com/rules/axe/"""

from playwright.async_api import Page

from devstack.chromium import AXE

_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary}`));
}"""


async def findings(page: Page) -> list[str]:
    """Return one text for each element and rule that it breaks, of all rules that axe-core has.

    The page must be open without its Content Security Policy, which keeps axe-core out, too.
    """
    await page.evaluate(AXE.read_text())
    found: list[str] = await page.evaluate(_RUN)
    return found
