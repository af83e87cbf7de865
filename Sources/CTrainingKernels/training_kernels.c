#include "training_kernels.h"
