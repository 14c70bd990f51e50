namespace Tutorial;

// begin
/// <summary>Two 3×3 convolutions around which the input passes, as in torchvision.</summary>
public sealed class BasicBlock : Module
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d bn2;
    private readonly Sequential? downsample;

    public BasicBlock(int inputs, int outputs, int stride, Rng rng)
    {
        conv1 = new(inputs, outputs, 3, rng, stride, padding: 1, bias: false);
        bn1 = new(outputs);
        conv2 = new(outputs, outputs, 3, rng, padding: 1, bias: false);
        bn2 = new(outputs);
        if (stride != 1 || inputs != outputs)
            downsample = new(new Conv2d(inputs, outputs, 1, rng, stride, bias: false), new BatchNorm2d(outputs));
    }

    protected override Tensor Forward(Tensor x)
    {
        var y = bn1.Forward(conv1.Forward(x)).Relu();
        y = bn2.Forward(conv2.Forward(y));
        return (y + (downsample?.Forward(x) ?? x)).Relu();
    }
}
// end

// begin
/// <summary>ResNet-18 for small images: a 3×3 convolution first, and no pooling after it.</summary>
public sealed class ResNet18 : Module
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn1;
    private readonly Sequential layer1, layer2, layer3, layer4;
    private readonly Linear fc;

    /// <param name="classes">The number of classes.</param>
    /// <param name="rng">Draws the weights.</param>
    /// <param name="width">Channels of the first stage; each of the others has twice as many as the one before.</param>
    public ResNet18(int classes, Rng rng, int width = 64)
    {
        conv1 = new(3, width, 3, rng, padding: 1, bias: false);
        bn1 = new(width);
        layer1 = Stage(width, width, stride: 1);
        layer2 = Stage(width, 2 * width, stride: 2);
        layer3 = Stage(2 * width, 4 * width, stride: 2);
        layer4 = Stage(4 * width, 8 * width, stride: 2);
        fc = new(8 * width, classes, rng);

        Sequential Stage(int inputs, int outputs, int stride) =>
            new(new BasicBlock(inputs, outputs, stride, rng), new BasicBlock(outputs, outputs, 1, rng));
    }

    protected override Tensor Forward(Tensor x)
    {
        x = bn1.Forward(conv1.Forward(x)).Relu();
        x = layer4.Forward(layer3.Forward(layer2.Forward(layer1.Forward(x))));
        return fc.Forward(x.GlobalAvgPool2d());
    }
}
// end
