// SPDX-License-Identifier: Apache-2.0
// Precompiled headers belong to a target, and a target has a source: this one.
