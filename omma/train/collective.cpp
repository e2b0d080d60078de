#include "omma/train/collective.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <unordered_map>

#include "omma/base/error.h"

namespace omma {

using torch::Tensor;

namespace {

// Of the environment; `otherwise` where it is not set.
int number_of(const char* variable, std::optional<int> otherwise = {}) {
  const char* text = std::getenv(variable);
  if (text == nullptr && otherwise) return *otherwise;
  check(text != nullptr, "{}: expected a number in the environment, since WORLD_SIZE is set", variable);
  const std::string value = text;
  int number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  check(error == std::errc() && end == value.data() + value.size() && number >= 0, "{}: expected a number of 0 or more, got \"{}\"",
        variable, value);
  return number;
}

// The Reducer warns where it finds no parameter that the loss misses, though that is the best case.
class NoWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& /*warning*/) override {}
};

class C10dReducer : public GradientReducer {
 public:
  // Of all parameters, the last first, since their gradients come first.
  C10dReducer(const std::vector<Tensor>& parameters, c10::intrusive_ptr<c10d::ProcessGroup> group) {
    const std::vector<bool> sparse(parameters.size(), false);
    auto [buckets, limits] =
        c10d::compute_bucket_assignment_by_size(parameters, {c10d::kDefaultFirstBucketBytes, c10d::kDefaultBucketBytesCap}, sparse);
    std::ranges::reverse(buckets);
    std::ranges::reverse(limits);
    std::vector<int64_t> bytes(limits.begin(), limits.end());
    reducer_ = std::make_unique<c10d::Reducer>(parameters, buckets, std::move(group), sparse, c10d::kDefaultBucketBytesCap,
                                               /*find_unused_parameters=*/true, /*gradient_as_bucket_view=*/false,
                                               /*param_names=*/std::unordered_map<std::size_t, std::string>(),
                                               c10d::kDefaultFirstBucketBytes, /*skip_all_reduce_unused_params=*/false,
                                               /*use_python_reducer=*/false, bytes);
  }

  void expect_backward(const Tensor& loss) override {
    NoWarnings quiet;
    const c10::WarningUtils::WarningHandlerGuard guard(&quiet);
    reducer_->prepare_for_backward({loss});
  }

 private:
  std::unique_ptr<c10d::Reducer> reducer_;
};

class GlooCollective : public Collective {
 public:
  GlooCollective(int rank, int size, std::chrono::minutes patience) : rank_(rank), size_(size) {
    const char* address = std::getenv("MASTER_ADDR");
    c10d::TCPStoreOptions store;
    store.port = static_cast<std::uint16_t>(number_of("MASTER_PORT", c10d::TCPStoreOptions::kDefaultPort));
    store.isServer = rank == 0;
    store.numWorkers = static_cast<std::size_t>(size);
    store.timeout = patience;
    store_ = c10::make_intrusive<c10d::TCPStore>(address != nullptr ? address : "127.0.0.1", store);
    options_ = c10d::ProcessGroupGloo::Options::create(patience);
    options_->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
    group_ = gloo("own");
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void sum(Tensor tensor) override {
    std::vector<Tensor> tensors = {tensor};
    group_->allreduce(tensors)->wait();
  }

  std::vector<Tensor> gather_list(const Tensor& tensor) override {
    std::vector<Tensor> inputs = {tensor.contiguous()};
    std::vector<std::vector<Tensor>> outputs(1);
    for (int i = 0; i < size_; ++i) outputs[0].push_back(torch::empty_like(inputs[0]));
    group_->allgather(outputs, inputs)->wait();
    return outputs[0];
  }

  // With a group of its own: its sums mingle with those that a loss asks for in the same backward pass.
  std::unique_ptr<GradientReducer> reducer(const std::vector<Tensor>& parameters) override {
    const std::string name = fmt::format("gradients {}", reducers_++);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(c10::make_intrusive<c10d::PrefixStore>(name, store_), rank_, size_);
    group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::GLOO, gloo(name + " over gloo"));
    group->setDefaultBackend(c10d::ProcessGroup::GLOO);
    return std::make_unique<C10dReducer>(parameters, std::move(group));
  }

 private:
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo(const std::string& name) const {
    return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>(name, store_), rank_, size_,
                                                       options_);
  }

  int rank_, size_, reducers_ = 0;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo::Options> options_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

// Every rank's rows; backward, each gets the sum of what all ranks' losses say of its own.
class Gather : public torch::autograd::Function<Gather> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& rows, Collective* collective) {
    context->saved_data["collective"] = reinterpret_cast<int64_t>(collective);
    return collective->gather(rows);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradient) {
    auto* collective = reinterpret_cast<Collective*>(context->saved_data["collective"].toInt());
    const Tensor all = gradient[0].contiguous().clone();
    collective->sum(all);
    const int64_t rows = all.size(0) / collective->size();
    return {all.narrow(0, collective->rank() * rows, rows), Tensor()};
  }
};

}  // namespace

std::unique_ptr<Collective> Collective::from_environment(const torch::Device& device, int minutes) {
  const int size = number_of("WORLD_SIZE", 1);
  if (size <= 1) return nullptr;
  const int rank = number_of("RANK");
  check(rank < size, "RANK: expected less than WORLD_SIZE {}, got {}", size, rank);
  check(device.is_cpu(), "device: several processes train on cpu only, got {}", device.str());
  try {
    return std::make_unique<GlooCollective>(rank, size, std::chrono::minutes(minutes));
  } catch (const c10::Error& error) {
    fail_runtime("rank {} of {}: the processes did not meet: {}", rank, size, error.what_without_backtrace());
  }
}

Tensor Collective::gather(const Tensor& tensor) { return torch::cat(gather_list(tensor)); }

Tensor Collective::gather_with_gradient(const Tensor& tensor) { return Gather::apply(tensor, this); }

bool Collective::any(bool value) {
  const Tensor count = torch::tensor({value ? 1.F : 0.F});
  sum(count);
  return count.item<float>() > 0;
}

}  // namespace omma
