"""HTML as people, programs and attackers write it, for property tests."""

from hypothesis import strategies as st

from ecfr_site.richtext.sanitizer import ALLOWED, ALSO_READ

TAGS = [
    *ALLOWED,
    *ALSO_READ,
    *("div", "h1", "h4", "font", "center", "section", "address", "dl", "dd", "u"),
    *("svg", "style", "script", "select", "form", "details", "textarea", "title"),
    *("mglyph", "malignmark", "annotation-xml", "annotation", "semantics", "maction"),
    *("mfenced", "menclose", "mlabeledtr", "foreignObject", "desc", "noscript", "xmp"),
]
ATTRIBUTES = [
    "",
    *(" class=footnote", " class=MsoNormal", " class=MsoCommentText", " class=msoDel"),
    *(" href=/x", " href=#one", " href=#two", " href='javascript:x'", " href='/a&#1;'"),
    *(" href='https://['", " href='#'", " id=one", " id=two", " name=one"),
    *(" src=/a.png", " src=file:///x", " alt='<\">'", " role=presentation"),
    *(" lang=fr", " lang=EN-GB", " dir=rtl", " dir=ltr", " lang=ar dir=rtl"),
    *(" style='font-weight:700'", " style='white-space:pre-wrap'"),
    *(" style='mso-list:l0 level1'", " style='mso-list:l0 level2'"),
    *(" style='mso-list:Ignore'", " style='text-decoration:line-through'"),
    *(" style='list-style-type:lower-roman'", " type=a", " type=I", " value=3"),
    *(" reversed", " start=4", " start=0", " rowspan=3", " scope=col", " datetime=1"),
    *(" display=block", " linethickness=0", " mathvariant=bold", " open=[ close=|"),
    *(" encoding='text/html'", " aria-hidden=true", " onclick=x", " xlink:href=x"),
]
TEXTS = [
    *(" ", "\n", "&nbsp;", "\xa0", "<br>", "word", "“Quote”", "&lt;", "&", "  x\n y"),
    *("\u202e", "\u202c", "\u2066", "\u2069", "\u2002", "&#1;", "&#8238;", "a)", "ii."),
    *("<!--", "-->", "]]>", "<![CDATA[", "[1]", "</p>", "</math>", "</a>"),
]
tags = st.sampled_from(TAGS)
attributes = st.lists(st.sampled_from(ATTRIBUTES), max_size=2).map("".join)
snippets = st.one_of(
    st.builds("<{}{}>".format, tags, attributes),
    st.builds("<{0}{1}>{2}</{0}>".format, tags, attributes, st.sampled_from(TEXTS)),
    st.builds("</{}>".format, tags),
    st.sampled_from(TEXTS),
    st.text(max_size=4),
)
documents = st.lists(snippets, max_size=25).map("".join)
