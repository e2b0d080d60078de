// The parts of LibTorch that omma uses. <torch/torch.h> would add its data loaders, optimisers and TorchScript, whose templates
// cost every source file another eight seconds; a file that needs one of those includes it by name.
#pragma once

#include <torch/autograd.h>
#include <torch/nn/init.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>
#include <torch/utils.h>
