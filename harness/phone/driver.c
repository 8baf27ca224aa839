#include "phone/driver.h"

#include <string.h>

#define OH_COLLECT(stem) extern const struct oh_driver_ops oh_driver_##stem;
#include "collected/drivers.def"
#undef OH_COLLECT

static const struct oh_driver_ops *const drivers[] = {
#define OH_COLLECT(stem) &oh_driver_##stem,
#include "collected/drivers.def"
#undef OH_COLLECT
    NULL,
};

const struct oh_driver_ops *const *oh_drivers(void)
{
    return drivers;
}

const struct oh_driver_ops *oh_driver_by_name(const char *name)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (!strcmp(drivers[i]->name, name))
            return drivers[i];
    }
    return NULL;
}
