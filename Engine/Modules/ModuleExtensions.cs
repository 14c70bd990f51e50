namespace PyNetSharp;

/// <summary>What is called on a module from outside, and returns the module as the type that it has.</summary>
public static class ModuleExtensions
{
    extension<T>(T module) where T : Module
    {
        /// <summary>
        /// Moves all parameters and buffers to <paramref name="device"/>. The tensors stay the same objects; the caches
        /// of the devices that they leave are emptied.
        /// </summary>
        /// <returns>This module.</returns>
        /// <exception cref="InvalidOperationException">As for <see cref="Module.State"/>.</exception>
        /// <example><code>var net = new Nin(task, rng).To(device);</code></example>
        public T To(Device device)
        {
            ArgumentNullException.ThrowIfNull(device);
            module.Move(device);
            return module;
        }

        /// <summary>Sets this module and its descendants to training mode, except frozen ones.</summary>
        /// <returns>This module.</returns>
        public T Train()
        {
            module.SetTraining(true);
            return module;
        }

        /// <summary>Sets this module and its descendants to evaluation mode.</summary>
        /// <returns>This module.</returns>
        public T Eval()
        {
            module.SetTraining(false);
            return module;
        }
    }

    extension(Module module)
    {
        /// <summary>
        /// Computes the module's function and calls its forward hooks: PyTorch's <c>module(x)</c>. A class says what it
        /// computes by overriding <c>Forward</c>.
        /// </summary>
        /// <param name="x">The class of the module says which shapes it takes.</param>
        /// <returns>The output, or what a forward hook has put in its place.</returns>
        /// <exception cref="ShapeException">The input does not fit.</exception>
        /// <exception cref="NotSupportedException">
        /// The class does not compute anything from one tensor: it holds modules, or takes several inputs.
        /// </exception>
        public Tensor Forward(Tensor x) => module.Invoke(x);
    }

    extension<T1, T2>(Module<T1, T2> module)
    {
        /// <summary>As for one input.</summary>
        /// <param name="x1">The first input.</param>
        /// <param name="x2">The second input.</param>
        /// <returns>The output, or what a forward hook has put in its place.</returns>
        public Tensor Forward(T1 x1, T2 x2) => module.Invoke(x1, x2);
    }

    extension<T1, T2, T3>(Module<T1, T2, T3> module)
    {
        /// <summary>As for one input.</summary>
        /// <param name="x1">The first input.</param>
        /// <param name="x2">The second input.</param>
        /// <param name="x3">The third input.</param>
        /// <returns>The output, or what a forward hook has put in its place.</returns>
        public Tensor Forward(T1 x1, T2 x2, T3 x3) => module.Invoke(x1, x2, x3);
    }
}
