#include "reports/xml.h"

/* The character at the start of `s`: its length, 0 where there is none, as UTF-8 has it (RFC 3629
 * 3 and 4: no overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t decode(struct oh_span s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = s.len ? (unsigned char)s.at[0] : 0xff;
    size_t len = first < 0x80             ? 1
                 : (first & 0xe0) == 0xc0 ? 2
                 : (first & 0xf0) == 0xe0 ? 3
                 : (first & 0xf8) == 0xf0 ? 4
                                          : 0;
    if (len == 0 || len > s.len)
        return 0;
    *code = len == 1 ? first : first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)s.at[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | ((unsigned char)s.at[i] & 0x3fu);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[len] || surrogate || *code > 0x10ffff ? 0 : len;
}

/* XML 1.0, production 2, without the controls that are of no use to a reader. */
static bool is_shown_as_it_is(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' ||
           (code >= 0x20 && code != 0x7f && !(code >= 0x80 && code <= 0x9f) && code != 0xfffe &&
            code != 0xffff);
}

/* What has to be written otherwise; NULL: nothing. */
static const char *reference(uint32_t code, bool in_attribute)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>': /* "]]>" may not stand in text */
        return "&gt;";
    case '"':
        return in_attribute ? "&quot;" : NULL;
    case '\t':
        return in_attribute ? "&#9;" : NULL;
    case '\n':
        return in_attribute ? "&#10;" : NULL;
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

static void escape(struct oh_span s, bool in_attribute, struct oh_text *out)
{
    for (size_t i = 0; i < s.len;) {
        uint32_t code = 0;
        size_t len = decode(oh_span_sub(s, i, s.len - i), &code);
        const char *other = len ? reference(code, in_attribute) : NULL;
        if (len == 0)
            oh_text_addf(out, "\\x%02X", (unsigned)(unsigned char)s.at[i]);
        else if (other)
            oh_text_add(out, other);
        else if (is_shown_as_it_is(code))
            oh_text_add_span(out, oh_span_sub(s, i, len));
        else
            oh_text_addf(out, code < 0x80 ? "\\x%02X" : "\\u%04X", (unsigned)code);
        i += len ? len : 1;
    }
}

void oh_xml_add_text(struct oh_span text, struct oh_text *out)
{
    escape(text, false, out);
}

void oh_xml_add_attribute(const char *name, const char *value, struct oh_text *out)
{
    oh_text_addf(out, " %s=\"", name);
    escape(oh_span_of(value ? value : ""), true, out);
    oh_text_add_char(out, '"');
}
