"""An editor at the desk without a browser: opens forms, fills them, presses buttons."""

from lxml import html


class OpenForm:
    """The form at `address` as `client` sees it; `values` may be changed."""

    def __init__(self, client, address):
        self.client = client
        self.take(client.get(address))

    def take(self, response):
        """Read the form, with everything in it, from an answer."""
        self.response = response
        self.page = html.fromstring(response.content.decode())
        forms = self.page.xpath("//div[@id='content-main']//form[@method='post']")
        if not forms:
            return
        [form] = forms
        request = response.request
        here = f"{request['PATH_INFO']}?{request['QUERY_STRING']}"
        self.address = form.get("action") or here
        self.values = {}
        for name, value in form.form_values():
            self.values.setdefault(name, []).append(value)
        self.buttons = {
            " ".join((button.text_content() or button.get("value")).split()): (
                button.get("name"),
                button.get("value"),
            )
            for button in form.xpath(".//*[@type='submit']")
        }

    def __setitem__(self, name, value):
        self.values[name] = value if isinstance(value, list) else [value]

    def __getitem__(self, name):
        return self.values.get(name, [""])[0]

    def press(self, button, follow=True):
        """Send the form; when it comes back, read it again."""
        name, value = self.buttons[button]
        return self.send({**self.values, name: [value or ""]}, follow)

    def send(self, values, follow=True):
        response = self.client.post(self.address, values, follow=follow)
        if b"content-main" in response.content:
            self.take(response)
        self.response = response
        return response

    @property
    def said(self):
        """All that the page says in answer: messages and errors."""
        found = self.page.xpath(
            "//ul[@class='messagelist'] | //*[contains(@class, 'errorlist')]"
            " | //*[contains(@class, 'kept-text')]/p"
        )
        return " ".join(" ".join(part.text_content().split()) for part in found)


def article_form(client, article=None):
    address = "/admin/articles/article/add/"
    if article:
        address = f"/admin/articles/article/{article.pk}/change/"
    return OpenForm(client, address)
