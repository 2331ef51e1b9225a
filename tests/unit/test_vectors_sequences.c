// SPDX-License-Identifier: BSD-3-Clause
// The sequences of the specification, played against a link.
#include "vectors_ack.h"
#include "vectors_play.h"

static void run(const struct vector *vector, bool driver)
{
    static struct play play;

    play_open(&play, vector, cJSON_GetObjectItemCaseSensitive(vector->json, "setup"), driver);
    play_steps(&play, cJSON_GetObjectItemCaseSensitive(vector->json, "steps"));
}

static void device(const struct vector *vector)
{
    run(vector, false);
}

static void driver(const struct vector *vector)
{
    run(vector, true);
}

int main(void)
{
    static const struct vector_subject subjects[] = {
        {"device", device},
        {"driver", driver},
        {"acknowledgement", vectors_ack},
        // Generation, credits and bulk: the library does not have them.
        {"generation_device", NULL},
        {"generation_driver", NULL},
        {"credits", NULL},
        {"bulk", NULL},
        {NULL, NULL},
    };

    return vectors_run("sequence", subjects);
}
