#include "omma/nn/recompute.h"

#include <ATen/Context.h>
#include <torch/csrc/autograd/custom_function.h>

#include "omma/nn/autocast.h"

namespace omma {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Part = std::function<Tensor(const Tensor&)>;

// A generator's state for the object's lifetime.
class RandomState {
 public:
  RandomState(at::Generator generator, const Tensor& state) : generator_(std::move(generator)), now_(generator_.get_state()) {
    generator_.set_state(state);
  }
  ~RandomState() { generator_.set_state(now_); }
  RandomState(const RandomState&) = delete;
  RandomState& operator=(const RandomState&) = delete;

 private:
  at::Generator generator_;
  Tensor now_;
};

// What the second run has to meet again.
struct Replay : torch::CustomClassHolder {
  Replay(Part part, const Tensor& x)
      : part(std::move(part)),
        device(x.device()),
        bf16(at::autocast::is_autocast_enabled(device.type())),
        random(generator().get_state()) {}

  Tensor run(const Tensor& x) const {
    const torch::AutoGradMode gradients(true);
    const Autocast autocast(device.type(), bf16);
    const RandomState then(generator(), random);
    return part(x);
  }

  at::Generator generator() const { return at::globalContext().defaultGenerator(device); }

  Part part;
  torch::Device device;
  bool bf16;
  Tensor random;
};

struct Recomputed : torch::autograd::Function<Recomputed> {
  // `inputs` is x and behind it the parameters, which are there for the graph.
  static Tensor forward(AutogradContext* context, const torch::TensorList& inputs, const Part& part) {
    context->saved_data["replay"] = c10::IValue::make_capsule(c10::make_intrusive<Replay>(part, inputs[0]));
    context->save_for_backward(inputs.vec());
    return part(inputs[0]);  // without gradients here
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto replay = c10::static_intrusive_pointer_cast<Replay>(context->saved_data["replay"].toCapsule());
    variable_list inputs = context->get_saved_variables();
    inputs[0] = inputs[0].detach().requires_grad_();
    const Tensor y = replay->run(inputs[0]);
    variable_list results =
        torch::autograd::grad({y}, inputs, gradients, /*retain_graph=*/false, /*create_graph=*/false, /*allow_unused=*/true);
    results.emplace_back();  // of `part`
    return results;
  }
};

}  // namespace

Tensor recomputed(const torch::nn::Module& module, const Part& part, const Tensor& x) {
  if (!torch::GradMode::is_enabled()) return part(x);
  variable_list inputs = {x};
  for (const Tensor& parameter : module.parameters())
    if (parameter.requires_grad()) inputs.push_back(parameter);
  return Recomputed::apply(torch::TensorList(inputs), part);
}

}  // namespace omma
