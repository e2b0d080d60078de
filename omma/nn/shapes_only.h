// Models made without memory, until their weights come.
#pragma once

#include <c10/core/impl/LocalDispatchKeySet.h>

#include "omma/nn/torch.h"

namespace omma {

// While one is alive, the tensors that this thread makes have a shape and no memory (LibTorch's meta device).
class ShapesOnly {
  c10::impl::ExcludeDispatchKeyGuard no_choice_of_backend_{c10::DispatchKeySet(c10::DispatchKey::BackendSelect)};
  c10::impl::IncludeDispatchKeyGuard meta_{c10::DispatchKey::Meta};
};

// Within ShapesOnly, memory again: for what a model computes from its config alone and keeps beside its parameters.
class WithMemory {
  c10::impl::ForceDispatchKeyGuard usual_{c10::default_included_set, c10::default_excluded_set};
};

}  // namespace omma
