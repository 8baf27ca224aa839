/*
 * reports/xml.h - text as XML 1.0 can hold it. Private to reports/.
 *
 * What XML cannot hold (most control characters, what is no UTF-8, U+FFFE and U+FFFF) is shown, as
 * \xNN or \uNNNN, not dropped: it came from the wire and is evidence. Control characters that XML
 * could hold but a terminal or a browser would obey are shown likewise.
 *
 * Written here, not by a library: what a library for writing XML leaves to its caller is just this,
 * as it refuses or passes on what XML cannot hold; elements are a printf. libxml2 would be one more
 * thing to install for a hundred lines.
 *
 * Uses: base/.
 */
#ifndef OH_REPORTS_XML_H
#define OH_REPORTS_XML_H

#include "base/text.h"

/* Text between tags; line ends and tabs stay, a CR becomes a character reference. Appends. */
void oh_xml_add_text(struct oh_span text, struct oh_text *out);
/* ` name="value"`; line ends and tabs become character references, as parsers turn plain ones into
 * spaces. Appends. */
void oh_xml_add_attribute(const char *name, const char *value, struct oh_text *out);

#endif
