#pragma once
// Nothing to call: what is linked takes the place of two functions of Swift's library under the thread sanitizer.
