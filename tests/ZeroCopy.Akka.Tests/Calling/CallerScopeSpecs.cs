using ZeroCopy.Calling;
using static TorchSharp.torch;

namespace ZeroCopy.Product.Tests.Calling;

public sealed class CallerScopeSpecs
{
    public static TheoryData<string> Names => ["tensor", "tuple", "dictionary", "list in a tuple"];

    [Theory]
    [MemberData(nameof(Names))]
    public void CallerScope_should_take_in_every_tensor_of_an_answer(string name)
    {
        var tensor = ones(1);
        using (NewDisposeScope())
        {
            CallerScope.Attach(Answer(name, tensor));
            Assert.False(tensor.IsInvalid);
        }

        Assert.True(tensor.IsInvalid);
    }

    [Fact]
    public void CallerScope_should_leave_an_answer_to_a_caller_without_a_scope()
    {
        using var tensor = ones(1);

        CallerScope.Attach(tensor);

        Assert.False(tensor.IsInvalid);
    }

    private static object Answer(string name, Tensor tensor) => name switch
    {
        "tuple" => (1, tensor),
        "dictionary" => new Dictionary<string, Tensor> { ["last_hidden_state"] = tensor },
        "list in a tuple" => Tuple.Create(new List<Tensor> { tensor }),
        _ => tensor,
    };
}
