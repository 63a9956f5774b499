from dashboard import frame
from dashboard.texts import t
page = frame.current()
page.title(t("nav.overview"))
page.sentence(t("nav.overview.help"))
