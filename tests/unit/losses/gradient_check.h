// Central finite differences against autograd, in double precision.
#pragma once

#include <functional>

#include "omma/nn/torch.h"

namespace omma::testing {

// The largest difference between the analytic gradient of the scalar `f` at `x` (f64) and central differences of step `step`.
inline double gradient_error(const std::function<torch::Tensor(const torch::Tensor&)>& f, torch::Tensor x, double step = 1e-6) {
  x = x.detach().clone().to(torch::kFloat64).contiguous().requires_grad_(true);
  f(x).backward();
  const torch::Tensor analytic = x.grad().flatten();
  torch::NoGradGuard no_grad;
  torch::Tensor probe = x.detach().clone();
  double worst = 0;
  for (int64_t i = 0; i < probe.numel(); ++i) {
    double& value = probe.data_ptr<double>()[i];
    const double kept = value;
    value = kept + step;
    const double above = f(probe).item<double>();
    value = kept - step;
    const double below = f(probe).item<double>();
    value = kept;
    worst = std::max(worst, std::abs((above - below) / (2 * step) - analytic[i].item<double>()));
  }
  return worst;
}

}  // namespace omma::testing
