from dashboard import frame
from dashboard.texts import t
page = frame.current()
page.title(t("nav.explain"))
page.sentence(t("nav.explain.help"))
