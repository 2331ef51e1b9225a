// SPDX-License-Identifier: BSD-3-Clause
#include <yoke/base.h>

const char *yoke_status_text(int status)
{
    switch (status) {
    case YOKE_AGAIN:
        return "nothing available now, try again";
    case YOKE_TOO_LONG:
        return "too long";
    case YOKE_DOWN:
        return "not up";
    case YOKE_INVALID:
        return "invalid argument";
    case YOKE_EXISTS:
        return "exists already";
    case YOKE_NO_SPACE:
        return "no space left";
    case YOKE_BAD_PEER:
        return "the other side broke the protocol";
    case YOKE_UNSUPPORTED:
        return "not supported";
    case YOKE_NOT_FOUND:
        return "not found";
    case YOKE_BAD_IMAGE:
        return "image refused";
    default:
        return status >= YOKE_OK ? "ok" : "unknown status";
    }
}
