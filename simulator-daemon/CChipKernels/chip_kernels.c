#include "chip_kernels.h"
