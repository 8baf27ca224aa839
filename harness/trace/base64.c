#include "trace/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t byte_at(struct oh_span s, size_t i)
{
    return i < s.len ? (unsigned char)s.at[i] : 0;
}

void oh_base64_add(struct oh_text *out, struct oh_span bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        uint32_t three =
            byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
        for (size_t k = 0; k < 4; k++)
            oh_text_add_char(out, i + k > bytes.len ? '=' : alphabet[three >> (18 - 6 * k) & 63]);
    }
}

static int value_of(char c)
{
    const char *hit = c ? strchr(alphabet, c) : NULL;
    return hit ? (int)(hit - alphabet) : -1;
}

bool oh_base64_decode(struct oh_span text, struct oh_text *out)
{
    if (text.len % 4 != 0)
        return false;
    for (size_t i = 0; i < text.len; i += 4) {
        uint32_t three = 0;
        size_t padding = 0;
        for (size_t k = 0; k < 4; k++) {
            char c = text.at[i + k];
            int value = value_of(c);
            bool pads = c == '=' && k >= 2 && i + 4 == text.len;
            if (value < 0 && !pads)
                return false;
            if (value >= 0 && padding > 0)
                return false;
            padding += pads;
            three = three << 6 | (uint32_t)(pads ? 0 : value);
        }
        for (size_t k = 0; k < 3 - padding; k++)
            oh_text_add_char(out, (char)(unsigned char)(three >> (16 - 8 * k) & 0xff));
    }
    return true;
}
